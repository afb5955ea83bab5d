//go:generate packer-sdc mapstructure-to-hcl2 -type Config,Upload,Download,Folder
package tool

import (
	"time"

	"github.com/hashicorp/packer-plugin-sdk/common"
	"github.com/hashicorp/packer-plugin-sdk/template/interpolate"

	"packer.test/tester/fault"
)

// Config is what a template says; the parts are done in this order.
type Config struct {
	common.PackerConfig `mapstructure:",squash"`
	fault.Config        `mapstructure:",squash"`

	// Lines for each way to speak.
	Say     []string `mapstructure:"say"`
	Message []string `mapstructure:"message"`
	Error   []string `mapstructure:"error"`
	// A category and its values, for the machine-readable output.
	Machine []string `mapstructure:"machine"`
	// A question; the answer is said.
	Ask string `mapstructure:"ask"`
	// How much to say, in lines of a hundred bytes.
	SaySize string `mapstructure:"say_size"`
	// Names of generated data to say.
	ShowData []string `mapstructure:"show_data"`

	Uploads    []Upload `mapstructure:"upload"`
	UploadDirs []Folder `mapstructure:"upload_dir"`
	// Commands, with what builders generate as `{{ build "ID" }}` or `{{ .ID }}`.
	Run []string `mapstructure:"run"`
	// What commands read.
	Stdin string `mapstructure:"stdin"`
	// Exit statuses that are no error, beside 0.
	ValidExitCodes []int      `mapstructure:"valid_exit_codes"`
	Downloads      []Download `mapstructure:"download"`
	DownloadDirs   []Folder   `mapstructure:"download_dir"`
	// How long to go on; a cancellation is heard meanwhile.
	Work time.Duration `mapstructure:"work"`

	ctx interpolate.Context
}

// Upload is a file, a text or zeros that go to the machine.
type Upload struct {
	Source      string `mapstructure:"source"`
	Content     string `mapstructure:"content"`
	Size        string `mapstructure:"size"`
	Destination string `mapstructure:"destination" required:"true"`
}

// Download is a file of the machine that is kept, or only counted where no place is named for it.
type Download struct {
	Source      string `mapstructure:"source" required:"true"`
	Destination string `mapstructure:"destination"`
}

// Folder is one to copy in or out.
type Folder struct {
	Source      string   `mapstructure:"source" required:"true"`
	Destination string   `mapstructure:"destination" required:"true"`
	Exclude     []string `mapstructure:"exclude"`
}

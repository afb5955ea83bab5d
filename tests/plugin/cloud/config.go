//go:generate packer-sdc mapstructure-to-hcl2 -type Config

package cloud

import (
	"github.com/hashicorp/packer-plugin-sdk/common"

	"packer.test/tester/fault"
)

// Config is what a template says.
type Config struct {
	common.PackerConfig `mapstructure:",squash"`
	fault.Config        `mapstructure:",squash"`

	// The folder with the machines and images of the account.
	Account string `mapstructure:"account"`
	// The program that removes a machine or image, given its path.
	Tool string `mapstructure:"tool"`
	// The image's name.
	Image string `mapstructure:"image"`
}

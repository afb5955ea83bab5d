//go:generate packer-sdc mapstructure-to-hcl2 -type Config
package machine

import (
	"time"

	"github.com/hashicorp/packer-plugin-sdk/common"

	"packer.test/tester/fault"
)

// Config is what a template says of a machine.
type Config struct {
	common.PackerConfig `mapstructure:",squash"`
	fault.Config        `mapstructure:",squash"`

	// The folder that is the machine's disk; it must not be there yet, unless `-force` is given.
	Disk string `mapstructure:"disk" required:"true"`
	// The machine's identity, `ID` for its provisioners.
	MachineID string `mapstructure:"machine_id"`
	// More data for provisioners; the names are announced by Prepare.
	Generated map[string]string `mapstructure:"generated"`
	// Warnings that Prepare returns.
	Warnings []string `mapstructure:"warnings"`
	// How long the machine takes to boot; it hears a cancellation meanwhile.
	Boot time.Duration `mapstructure:"boot"`
	// Hooks to run, instead of only `packer_provision`.
	Hooks []string `mapstructure:"hooks"`
	// How much the artifact answers when asked for its state `big`.
	StateSize string `mapstructure:"state_size"`
}

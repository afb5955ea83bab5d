//go:generate packer-sdc mapstructure-to-hcl2 -type Config

// Package quick is a builder that makes nothing: no machine, no artifact, no hook.
package quick

import (
	"context"
	"time"

	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/hashicorp/packer-plugin-sdk/common"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/hashicorp/packer-plugin-sdk/template/config"

	"packer.test/tester/fault"
)

// Config is what a template says.
type Config struct {
	common.PackerConfig `mapstructure:",squash"`
	fault.Config        `mapstructure:",squash"`

	// Something to say.
	Say string `mapstructure:"say"`
	// How long the run takes; it hears a cancellation meanwhile.
	Work time.Duration `mapstructure:"work"`
}

// Builder makes nothing.
type Builder struct {
	config Config
	faults fault.Faults
}

// ConfigSpec is the shape of the config.
func (b *Builder) ConfigSpec() hcldec.ObjectSpec {
	fault.Unconfigured("quick").Must("spec")
	return b.config.FlatMapstructure().HCL2Spec()
}

// Prepare reads the config.
func (b *Builder) Prepare(raws ...interface{}) ([]string, []string, error) {
	err := config.Decode(&b.config, &config.DecodeOpts{Interpolate: true}, raws...)
	if err != nil {
		return nil, nil, err
	}
	if b.faults, err = fault.For("quick", b.config.Config); err != nil {
		return nil, nil, err
	}
	return nil, nil, b.faults.At("prepare")
}

// Run says its word and returns no artifact.
func (b *Builder) Run(ctx context.Context, ui packersdk.Ui, _ packersdk.Hook) (packersdk.Artifact, error) {
	if err := b.faults.At("run"); err != nil {
		return nil, err
	}
	if b.config.Say != "" {
		ui.Say(b.config.Say)
	}
	return nil, b.faults.Work(ctx, b.config.Work)
}

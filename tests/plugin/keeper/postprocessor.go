//go:generate packer-sdc mapstructure-to-hcl2 -type Config

// Package keeper is a post-processor that hands on the artifact it was given.
package keeper

import (
	"context"
	"fmt"
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

	// Whether to ask for the artifact to be kept, and whether against the template's will.
	Keep          bool `mapstructure:"keep"`
	ForceOverride bool `mapstructure:"force_override"`
	// Whether to answer with no artifact at all.
	Drop bool `mapstructure:"drop"`
	// How long it takes; a cancellation is heard meanwhile.
	Work time.Duration `mapstructure:"work"`
}

// PostProcessor changes nothing.
type PostProcessor struct {
	config Config
	faults fault.Faults
}

// ConfigSpec is the shape of the config.
func (p *PostProcessor) ConfigSpec() hcldec.ObjectSpec {
	fault.Unconfigured("keeper").Must("spec")
	return p.config.FlatMapstructure().HCL2Spec()
}

// Configure reads the config.
func (p *PostProcessor) Configure(raws ...interface{}) error {
	err := config.Decode(&p.config, &config.DecodeOpts{Interpolate: true}, raws...)
	if err != nil {
		return err
	}
	if p.faults, err = fault.For("keeper", p.config.Config); err != nil {
		return err
	}
	return p.faults.At("configure")
}

// PostProcess says what it was given and hands it on.
func (p *PostProcessor) PostProcess(
	ctx context.Context, ui packersdk.Ui, input packersdk.Artifact,
) (packersdk.Artifact, bool, bool, error) {
	if err := p.faults.At("postprocess"); err != nil {
		return nil, false, false, err
	}
	if err := p.faults.Work(ctx, p.config.Work); err != nil {
		return nil, false, false, err
	}
	ui.Say(fmt.Sprintf("Given %s (%s) of %s", input.String(), input.Id(), input.BuilderId()))
	if p.config.Drop {
		return nil, p.config.Keep, p.config.ForceOverride, nil
	}
	return input, p.config.Keep, p.config.ForceOverride, nil
}

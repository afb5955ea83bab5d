//go:generate packer-sdc mapstructure-to-hcl2 -type Config

// Package transform is a post-processor that makes one file of an artifact's files and states.
package transform

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

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

	// The file to make.
	Output string `mapstructure:"output" required:"true"`
	// States of the artifact to write down.
	States []string `mapstructure:"states"`
	// Whether to keep the artifact that went in, and whether against the template's will.
	Keep          bool `mapstructure:"keep"`
	ForceOverride bool `mapstructure:"force_override"`
	// Whether to destroy the artifact that went in.
	Destroy bool `mapstructure:"destroy"`
}

// PostProcessor makes the file.
type PostProcessor struct {
	config Config
	faults fault.Faults
}

// ConfigSpec is the shape of the config.
func (p *PostProcessor) ConfigSpec() hcldec.ObjectSpec {
	fault.Unconfigured("transform").Must("spec")
	return p.config.FlatMapstructure().HCL2Spec()
}

// Configure reads the config.
func (p *PostProcessor) Configure(raws ...interface{}) error {
	err := config.Decode(&p.config, &config.DecodeOpts{Interpolate: true}, raws...)
	if err != nil {
		return err
	}
	if p.faults, err = fault.For("transform", p.config.Config); err != nil {
		return err
	}
	return p.faults.At("configure")
}

// PostProcess makes the file and an artifact of it.
func (p *PostProcessor) PostProcess(
	_ context.Context, ui packersdk.Ui, input packersdk.Artifact,
) (packersdk.Artifact, bool, bool, error) {
	if err := p.faults.At("postprocess"); err != nil {
		return nil, false, false, err
	}
	ui.Say("Transforming " + input.String())
	if err := p.write(input); err != nil {
		return nil, false, false, err
	}
	if p.config.Destroy {
		if err := input.Destroy(); err != nil {
			return nil, false, false, err
		}
	}
	output := &artifact{path: p.config.Output, id: input.Id(), faults: p.faults}
	return output, p.config.Keep, p.config.ForceOverride, nil
}

// write fills the file.
func (p *PostProcessor) write(input packersdk.Artifact) error {
	file, err := os.Create(p.config.Output)
	if err != nil {
		return err
	}
	defer file.Close()
	for _, path := range input.Files() {
		if err := appendFile(file, path); err != nil {
			return err
		}
	}
	for _, name := range p.config.States {
		if _, err := fmt.Fprintf(file, "state %s: %v\n", name, input.State(name)); err != nil {
			return err
		}
	}
	return nil
}

// appendFile writes a file's name and contents.
func appendFile(to io.Writer, path string) error {
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	if _, err := fmt.Fprintf(to, "file %s:\n", filepath.Base(path)); err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return err
}

// Package fields is a builder that says, as JSON, what it understood of its config.
package fields

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/hcl/v2/hcldec"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/hashicorp/packer-plugin-sdk/template/config"

	"packer.test/tester/fault"
)

// Builder makes nothing of its config but a text.
type Builder struct {
	config Config
	faults fault.Faults
}

// ConfigSpec is the shape of the config.
func (b *Builder) ConfigSpec() hcldec.ObjectSpec {
	fault.Unconfigured("fields").Must("spec")
	return spec()
}

// Prepare reads the config.
func (b *Builder) Prepare(raws ...interface{}) ([]string, []string, error) {
	err := config.Decode(&b.config, &config.DecodeOpts{Interpolate: true}, raws...)
	if err != nil {
		return nil, nil, err
	}
	if b.faults, err = fault.For("fields", b.config.Config); err != nil {
		return nil, nil, err
	}
	return nil, nil, b.faults.At("prepare")
}

// Run says the config.
func (b *Builder) Run(_ context.Context, ui packersdk.Ui, _ packersdk.Hook) (packersdk.Artifact, error) {
	if err := b.faults.At("run"); err != nil {
		return nil, err
	}
	text, err := json.Marshal(b.config)
	if err != nil {
		return nil, err
	}
	ui.Say(string(text))
	return nil, nil
}

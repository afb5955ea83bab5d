//go:generate packer-sdc mapstructure-to-hcl2 -type Config

// Package plain is a provisioner that touches nothing: it says what it was sent, item by item.
package plain

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/hashicorp/packer-plugin-sdk/common"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/hashicorp/packer-plugin-sdk/template/config"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"packer.test/tester/fault"
)

// Config is what a template says.
type Config struct {
	common.PackerConfig `mapstructure:",squash"`
	fault.Config        `mapstructure:",squash"`

	// Something to say.
	Say string `mapstructure:"say"`
	// Whether to say the raw configs that Prepare got and the data that Provision got, as JSON.
	ShowSent bool `mapstructure:"show_sent"`
}

// Provisioner keeps what it was sent.
type Provisioner struct {
	config Config
	faults fault.Faults
	sent   []string
}

// ConfigSpec is the shape of the config.
func (p *Provisioner) ConfigSpec() hcldec.ObjectSpec {
	fault.Unconfigured("plain").Must("spec")
	return p.config.FlatMapstructure().HCL2Spec()
}

// Prepare reads the config.
func (p *Provisioner) Prepare(raws ...interface{}) error {
	p.sent = nil
	for _, raw := range raws {
		text, err := toJSON(raw)
		if err != nil {
			return err
		}
		p.sent = append(p.sent, text)
	}
	err := config.Decode(&p.config, &config.DecodeOpts{Interpolate: true}, raws...)
	if err != nil {
		return err
	}
	if p.faults, err = fault.For("plain", p.config.Config); err != nil {
		return err
	}
	return p.faults.At("prepare")
}

// Provision says what there is to say.
func (p *Provisioner) Provision(
	_ context.Context, ui packersdk.Ui, _ packersdk.Communicator, data map[string]interface{},
) error {
	if err := p.faults.At("provision"); err != nil {
		return err
	}
	if p.config.Say != "" {
		ui.Say(p.config.Say)
	}
	if !p.config.ShowSent {
		return nil
	}
	for i, text := range p.sent {
		ui.Say(fmt.Sprintf("config %d: %s", i, text))
	}
	text, err := toJSON(data)
	if err != nil {
		return err
	}
	ui.Say("data: " + text)
	return nil
}

// toJSON writes what came over the wire: a value of HCL, or maps and lists of MessagePack.
func toJSON(raw interface{}) (string, error) {
	if value, ok := raw.(cty.Value); ok {
		text, err := ctyjson.SimpleJSONValue{Value: value}.MarshalJSON()
		return string(text), err
	}
	text, err := json.Marshal(withTextKeys(raw))
	return string(text), err
}

// withTextKeys is the same value with the maps that JSON knows.
func withTextKeys(raw interface{}) interface{} {
	switch raw := raw.(type) {
	case []byte:
		return string(raw)
	case []interface{}:
		list := make([]interface{}, len(raw))
		for i, item := range raw {
			list[i] = withTextKeys(item)
		}
		return list
	case map[interface{}]interface{}:
		object := make(map[string]interface{}, len(raw))
		for key, item := range raw {
			object[fmt.Sprint(withTextKeys(key))] = withTextKeys(item)
		}
		return object
	case map[string]interface{}:
		object := make(map[string]interface{}, len(raw))
		for key, item := range raw {
			object[key] = withTextKeys(item)
		}
		return object
	default:
		return raw
	}
}

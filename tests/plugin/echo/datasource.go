//go:generate packer-sdc mapstructure-to-hcl2 -type Config,Output

// Package echo is a data source that gives back its config, and notes that it was asked.
package echo

import (
	"fmt"
	"os"

	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/hashicorp/packer-plugin-sdk/hcl2helper"
	"github.com/hashicorp/packer-plugin-sdk/template/config"
	"github.com/zclconf/go-cty/cty"

	"packer.test/tester/fault"
)

// Config is what a template says.
type Config struct {
	fault.Config `mapstructure:",squash"`

	Text   string            `mapstructure:"text"`
	Number int               `mapstructure:"number"`
	List   []string          `mapstructure:"list"`
	Map    map[string]string `mapstructure:"map"`
	// A file that gets a line for each time the source is executed.
	Log string `mapstructure:"log"`
}

// Output is what the source gives.
type Output struct {
	Text   string            `mapstructure:"text"`
	Number int               `mapstructure:"number"`
	List   []string          `mapstructure:"list"`
	Map    map[string]string `mapstructure:"map"`
}

// Datasource gives back its config.
type Datasource struct {
	config Config
	faults fault.Faults
}

// ConfigSpec is the shape of the config.
func (d *Datasource) ConfigSpec() hcldec.ObjectSpec {
	fault.Unconfigured("echo").Must("spec")
	return d.config.FlatMapstructure().HCL2Spec()
}

// Configure reads the config.
func (d *Datasource) Configure(raws ...interface{}) error {
	err := config.Decode(&d.config, nil, raws...)
	if err != nil {
		return err
	}
	if d.faults, err = fault.For("echo", d.config.Config); err != nil {
		return err
	}
	return d.faults.At("configure")
}

// OutputSpec is the shape of the output.
func (d *Datasource) OutputSpec() hcldec.ObjectSpec {
	d.faults.Must("outputspec")
	return (&Output{}).FlatMapstructure().HCL2Spec()
}

// Execute gives the output.
func (d *Datasource) Execute() (cty.Value, error) {
	if err := d.faults.At("execute"); err != nil {
		return cty.NullVal(cty.EmptyObject), err
	}
	if err := d.note(); err != nil {
		return cty.NullVal(cty.EmptyObject), err
	}
	output := Output{Text: d.config.Text, Number: d.config.Number, List: d.config.List, Map: d.config.Map}
	return hcl2helper.HCL2ValueFromConfig(output, d.OutputSpec()), nil
}

// note writes the line of this execution.
func (d *Datasource) note() error {
	if d.config.Log == "" {
		return nil
	}
	file, err := os.OpenFile(d.config.Log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = fmt.Fprintf(file, "executed with %q\n", d.config.Text)
	return err
}

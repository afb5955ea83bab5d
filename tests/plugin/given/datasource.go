//go:generate packer-sdc mapstructure-to-hcl2 -type Config

// Package given is a data source that gives what it is told, whatever its type.
package given

import (
	"fmt"
	"math"

	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/hashicorp/packer-plugin-sdk/template/config"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/json"

	"packer.test/tester/fault"
)

// Config is what a template says.
type Config struct {
	fault.Config `mapstructure:",squash"`

	// The value with its type, in cty's JSON; or the name of one that has no form there.
	Value string `mapstructure:"value"`
}

// named is what has no form in JSON.
var named = map[string]cty.Value{
	"unknown":           cty.UnknownVal(cty.String),
	"unknown within":    cty.ListVal([]cty.Value{cty.StringVal("a"), cty.UnknownVal(cty.String)}),
	"anything":          cty.DynamicVal,
	"null":              cty.NullVal(cty.DynamicPseudoType),
	"none":              cty.NilVal,
	"infinity":          cty.PositiveInfinity,
	"negative infinity": cty.NegativeInfinity,
	"negative zero":     cty.NumberFloatVal(math.Copysign(0, -1)),
	"third":             cty.NumberIntVal(1).Divide(cty.NumberIntVal(3)),
}

// Datasource gives what it is told.
type Datasource struct {
	config Config
	faults fault.Faults
}

// ConfigSpec is the shape of the config.
func (d *Datasource) ConfigSpec() hcldec.ObjectSpec {
	fault.Unconfigured("given").Must("spec")
	return d.config.FlatMapstructure().HCL2Spec()
}

// Configure reads the config.
func (d *Datasource) Configure(raws ...interface{}) error {
	err := config.Decode(&d.config, nil, raws...)
	if err != nil {
		return err
	}
	if d.faults, err = fault.For("given", d.config.Config); err != nil {
		return err
	}
	return d.faults.At("configure")
}

// OutputSpec is the shape of the output; nobody knows what it will be.
func (d *Datasource) OutputSpec() hcldec.ObjectSpec {
	d.faults.Must("outputspec")
	return hcldec.ObjectSpec{}
}

// Execute gives the output.
func (d *Datasource) Execute() (cty.Value, error) {
	if err := d.faults.At("execute"); err != nil {
		return cty.NullVal(cty.EmptyObject), err
	}
	if value, ok := named[d.config.Value]; ok {
		return value, nil
	}
	value, err := json.Unmarshal([]byte(d.config.Value), cty.DynamicPseudoType)
	if err != nil {
		return cty.NullVal(cty.EmptyObject), fmt.Errorf("the value cannot be read: %w", err)
	}
	return value, nil
}

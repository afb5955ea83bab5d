// Package nested is a data source whose output has values of every kind, within one another.
package nested

import (
	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/hashicorp/packer-plugin-sdk/template/config"
	"github.com/zclconf/go-cty/cty"

	"packer.test/tester/fault"
)

// Datasource gives the output.
type Datasource struct {
	config Config
	faults fault.Faults
}

// ConfigSpec is the shape of the config.
func (d *Datasource) ConfigSpec() hcldec.ObjectSpec {
	fault.Unconfigured("nested").Must("spec")
	return d.config.FlatMapstructure().HCL2Spec()
}

// Configure reads the config.
func (d *Datasource) Configure(raws ...interface{}) error {
	err := config.Decode(&d.config, nil, raws...)
	if err != nil {
		return err
	}
	if d.faults, err = fault.For("nested", d.config.Config); err != nil {
		return err
	}
	return d.faults.At("configure")
}

// OutputSpec is the shape of the output.
func (d *Datasource) OutputSpec() hcldec.ObjectSpec {
	d.faults.Must("outputspec")
	spec := hcldec.ObjectSpec((&Output{}).FlatMapstructure().HCL2Spec())
	// The generator takes every map for one of texts.
	spec["lists"] = &hcldec.AttrSpec{Name: "lists", Type: cty.Map(cty.List(cty.String))}
	return spec
}

// Execute gives the output; it has the type that OutputSpec implies.
func (d *Datasource) Execute() (cty.Value, error) {
	if err := d.faults.At("execute"); err != nil {
		return cty.NullVal(cty.EmptyObject), err
	}
	children := make([]cty.Value, d.config.Count)
	for i := range children {
		children[i] = child(i)
	}
	list := cty.ListValEmpty(child(0).Type())
	if len(children) > 0 {
		list = cty.ListVal(children)
	}
	return cty.ObjectVal(map[string]cty.Value{
		"text":     cty.StringVal(d.config.Text),
		"unicode":  cty.StringVal("é 日本 \U0001F600 \"quoted\" ${not} %{this}"),
		"whole":    cty.NumberIntVal(1 << 53),
		"negative": cty.NumberIntVal(-7),
		"fraction": cty.NumberFloatVal(0.1),
		"yes":      cty.True,
		"nothing":  cty.NullVal(cty.String),
		"no_list":  cty.NullVal(cty.List(cty.String)),
		"empty":    cty.ListValEmpty(cty.String),
		"list":     texts("a", "b", ""),
		"matrix":   cty.ListVal([]cty.Value{texts("1", "2"), texts("3")}),
		"map":      cty.MapVal(map[string]cty.Value{"k": cty.StringVal("v"), "": cty.StringVal("no name")}),
		"lists":    cty.MapVal(map[string]cty.Value{"one": texts("x"), "two": texts("y", "z")}),
		"child":    child(0),
		"children": list,
	}), nil
}

// child is one of the objects within.
func child(number int) cty.Value {
	return cty.ObjectVal(map[string]cty.Value{
		"number": cty.NumberIntVal(int64(number)),
		"even":   cty.BoolVal(number%2 == 0),
		"grandchild": cty.ObjectVal(map[string]cty.Value{
			"words": texts("deep", "down"),
			"unset": cty.NullVal(cty.Number),
		}),
	})
}

// texts is a list of strings.
func texts(words ...string) cty.Value {
	values := make([]cty.Value, len(words))
	for i, word := range words {
		values[i] = cty.StringVal(word)
	}
	return cty.ListVal(values)
}

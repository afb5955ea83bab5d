// Package shapes is a builder with a config that only gob can tell the shape of: sets, labels, limits and defaults,
// which plugins could ask for before there was protobuf.
package shapes

import (
	"context"
	"errors"

	"github.com/hashicorp/hcl/v2/hcldec"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/zclconf/go-cty/cty"

	"packer.test/tester/fault"
)

// Builder can tell its shape, and no more.
type Builder struct{}

// ConfigSpec has a member of every kind.
func (b *Builder) ConfigSpec() hcldec.ObjectSpec {
	fault.Unconfigured("shapes").Must("spec")
	disk := hcldec.ObjectSpec{"size": &hcldec.AttrSpec{Name: "size", Type: cty.Number, Required: true}}
	thing := cty.ObjectWithOptionalAttrs(map[string]cty.Type{"a": cty.String, "b": cty.List(cty.Bool)}, []string{"b"})
	return hcldec.ObjectSpec{
		"names": &hcldec.AttrSpec{Name: "names", Type: cty.Set(cty.String)},
		"pair":  &hcldec.AttrSpec{Name: "pair", Type: cty.Tuple([]cty.Type{cty.String, cty.Number})},
		"none":  &hcldec.AttrSpec{Name: "none", Type: cty.EmptyTuple},
		"thing": &hcldec.AttrSpec{Name: "thing", Type: thing, Required: true},
		"size": &hcldec.DefaultSpec{
			Primary: &hcldec.AttrSpec{Name: "size", Type: cty.Number},
			Default: &hcldec.LiteralSpec{Value: cty.NumberIntVal(7)},
		},
		"labels": &hcldec.BlockAttrsSpec{TypeName: "labels", ElementType: cty.List(cty.String), Required: true},
		"disk":   &hcldec.BlockSetSpec{TypeName: "disk", Nested: disk, MinItems: 1, MaxItems: 3},
		"nic":    &hcldec.BlockListSpec{TypeName: "nic", Nested: disk, MinItems: 2},
		"one":    &hcldec.BlockSpec{TypeName: "one", Nested: hcldec.ObjectSpec{}},
		"volume": &hcldec.BlockMapSpec{TypeName: "volume", LabelNames: []string{"name"}, Nested: disk},
		"mount":  &hcldec.BlockMapSpec{TypeName: "mount", LabelNames: []string{"host", "path"}, Nested: disk},
		"extra":  &hcldec.BlockObjectSpec{TypeName: "extra", LabelNames: []string{"kind"}, Nested: disk},
	}
}

// Prepare refuses.
func (b *Builder) Prepare(...interface{}) ([]string, []string, error) {
	return nil, nil, errors.New("this builder builds nothing")
}

// Run refuses.
func (b *Builder) Run(context.Context, packersdk.Ui, packersdk.Hook) (packersdk.Artifact, error) {
	return nil, errors.New("this builder builds nothing")
}

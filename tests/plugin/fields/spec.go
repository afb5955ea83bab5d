package fields

import (
	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/zclconf/go-cty/cty"
)

// spec is the generated shape with what the generator cannot say, though the protocol can: that something is
// required, and maps of other things than texts.
func spec() hcldec.ObjectSpec {
	fields := hcldec.ObjectSpec((&Config{}).FlatMapstructure().HCL2Spec())
	fields["required"] = &hcldec.AttrSpec{Name: "required", Type: cty.String, Required: true}
	fields["map_of_ints"] = &hcldec.AttrSpec{Name: "map_of_ints", Type: cty.Map(cty.Number)}
	fields["map_of_lists"] = &hcldec.AttrSpec{Name: "map_of_lists", Type: cty.Map(cty.List(cty.String))}

	item := hcldec.ObjectSpec((&Item{}).FlatMapstructure().HCL2Spec())
	item["name"] = &hcldec.AttrSpec{Name: "name", Type: cty.String, Required: true}
	fields["item"] = &hcldec.BlockListSpec{TypeName: "item", Nested: item}

	block := hcldec.ObjectSpec((&Required{}).FlatMapstructure().HCL2Spec())
	fields["required_block"] = &hcldec.BlockSpec{TypeName: "required_block", Nested: block, Required: true}
	return fields
}

//go:generate packer-sdc mapstructure-to-hcl2 -type Config,Output,Child,Grandchild
package nested

import "packer.test/tester/fault"

// Config is what a template says.
type Config struct {
	fault.Config `mapstructure:",squash"`

	// The output's text.
	Text string `mapstructure:"text" required:"true"`
	// How many children the output has.
	Count int `mapstructure:"count"`
}

// Output is the shape of what the source gives.
type Output struct {
	Text     string              `mapstructure:"text"`
	Unicode  string              `mapstructure:"unicode"`
	Whole    int64               `mapstructure:"whole"`
	Negative int                 `mapstructure:"negative"`
	Fraction float64             `mapstructure:"fraction"`
	Yes      bool                `mapstructure:"yes"`
	Nothing  string              `mapstructure:"nothing"`
	NoList   []string            `mapstructure:"no_list"`
	Empty    []string            `mapstructure:"empty"`
	List     []string            `mapstructure:"list"`
	Matrix   [][]string          `mapstructure:"matrix"`
	Map      map[string]string   `mapstructure:"map"`
	Lists    map[string][]string `mapstructure:"lists"`
	Child    Child               `mapstructure:"child"`
	Children []Child             `mapstructure:"children"`
}

// Child is an object within the output.
type Child struct {
	Number     int        `mapstructure:"number"`
	Even       bool       `mapstructure:"even"`
	Grandchild Grandchild `mapstructure:"grandchild"`
}

// Grandchild is an object within a child.
type Grandchild struct {
	Words []string `mapstructure:"words"`
	Unset int      `mapstructure:"unset"`
}

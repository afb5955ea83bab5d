//go:generate packer-sdc mapstructure-to-hcl2 -type Config,Block,Inner,Item,Required
package fields

import (
	"time"

	"github.com/hashicorp/packer-plugin-sdk/common"
	"github.com/hashicorp/packer-plugin-sdk/template/config"

	"packer.test/tester/fault"
)

// Config has a field of every type that plugins use.
type Config struct {
	common.PackerConfig `mapstructure:",squash"`
	fault.Config        `mapstructure:",squash"`

	Required      string   `mapstructure:"required" required:"true"`
	RequiredBlock Required `mapstructure:"required_block" required:"true"`

	String   string         `mapstructure:"string"`
	Bool     bool           `mapstructure:"bool"`
	Int      int            `mapstructure:"int"`
	Int64    int64          `mapstructure:"int64"`
	Uint     uint           `mapstructure:"uint"`
	Uint8    uint8          `mapstructure:"uint8"`
	Float    float64        `mapstructure:"float"`
	Duration time.Duration  `mapstructure:"duration"`
	Trilean  config.Trilean `mapstructure:"trilean"`

	BoolPointer   *bool   `mapstructure:"bool_pointer"`
	IntPointer    *int    `mapstructure:"int_pointer"`
	StringPointer *string `mapstructure:"string_pointer"`

	Strings   []string            `mapstructure:"strings"`
	Ints      []int               `mapstructure:"ints"`
	Matrix    [][]string          `mapstructure:"matrix"`
	Map       map[string]string   `mapstructure:"map"`
	MapOfInts map[string]int      `mapstructure:"map_of_ints"`
	MapOfList map[string][]string `mapstructure:"map_of_lists"`

	Block        Block             `mapstructure:"block"`
	BlockPointer *Block            `mapstructure:"block_pointer"`
	Items        []Item            `mapstructure:"item"`
	Tags         config.KeyValues  `mapstructure:"tag"`
	Names        config.NameValues `mapstructure:"named"`
}

// Block is a nested block with a block of its own.
type Block struct {
	Text  string            `mapstructure:"text"`
	Count int               `mapstructure:"count"`
	Map   map[string]string `mapstructure:"map"`
	Inner Inner             `mapstructure:"inner"`
}

// Inner is two levels down.
type Inner struct {
	Words []string `mapstructure:"words"`
	Items []Item   `mapstructure:"item"`
}

// Item is a block that may be there many times.
type Item struct {
	Name    string `mapstructure:"name" required:"true"`
	Enabled bool   `mapstructure:"enabled"`
}

// Required is a block that must be there, though it may be empty.
type Required struct {
	Text string `mapstructure:"text"`
}

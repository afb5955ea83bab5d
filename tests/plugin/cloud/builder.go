// Package cloud is a builder of a provider that leaks: machines and images are files in a folder, and nobody removes them
// but who made them. It says what it makes before it makes it.
package cloud

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/hcl/v2/hcldec"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/hashicorp/packer-plugin-sdk/template/config"

	"packer.test/tester/fault"
)

// Builder makes one image.
type Builder struct {
	config Config
	faults fault.Faults
}

// ConfigSpec is the shape of the config.
func (b *Builder) ConfigSpec() hcldec.ObjectSpec {
	fault.Unconfigured("cloud").Must("spec")
	return b.config.FlatMapstructure().HCL2Spec()
}

// Prepare reads the config.
func (b *Builder) Prepare(raws ...interface{}) ([]string, []string, error) {
	err := config.Decode(&b.config, &config.DecodeOpts{Interpolate: true}, raws...)
	if err != nil {
		return nil, nil, err
	}
	if b.faults, err = fault.For("cloud", b.config.Config); err != nil {
		return nil, nil, err
	}
	return nil, nil, b.faults.At("prepare")
}

// Run makes a machine, has it provisioned, makes an image of it, and removes the machine.
func (b *Builder) Run(ctx context.Context, ui packersdk.Ui, hook packersdk.Hook) (packersdk.Artifact, error) {
	machine, err := b.make(ctx, ui, "machine", "machines", fmt.Sprintf("%s-%d", b.config.Image, os.Getpid()))
	if err != nil {
		return nil, err
	}
	image, err := b.work(ctx, ui, hook, machine)
	if gone := os.Remove(machine); gone != nil {
		err = errors.Join(err, gone)
	}
	if err != nil {
		return nil, err
	}
	return &artifact{image: image}, nil
}

// work makes the image of a machine.
func (b *Builder) work(ctx context.Context, ui packersdk.Ui, hook packersdk.Hook, machine string) (string, error) {
	data := map[string]interface{}{"ID": machine, "Host": "127.0.0.1", "ConnType": "none"}
	if err := b.faults.At("run"); err != nil {
		return "", err
	}
	if err := hook.Run(ctx, packersdk.HookProvision, ui, &packersdk.MockCommunicator{}, data); err != nil {
		return "", err
	}
	return b.make(ctx, ui, "image", "images", b.config.Image)
}

// make makes something, and says so before.
func (b *Builder) make(ctx context.Context, ui packersdk.Ui, kind, folder, name string) (string, error) {
	path := filepath.Join(b.config.Account, folder, name)
	ui.Machine("packer-resource", kind, path, "", b.config.Tool, path)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	return path, os.WriteFile(path, []byte(b.config.Image+"\n"), 0o644)
}

// artifact is an image.
type artifact struct{ image string }

// BuilderId says who made it.
func (a *artifact) BuilderId() string { return "packer.test.cloud" }

// Files is the image.
func (a *artifact) Files() []string { return []string{a.image} }

// Id is where the image is: what it was called when it was about to be made.
func (a *artifact) Id() string { return a.image }

// String is for people.
func (a *artifact) String() string { return "An image called " + filepath.Base(a.image) }

// State has nothing.
func (a *artifact) State(string) interface{} { return nil }

// Destroy removes the image.
func (a *artifact) Destroy() error { return os.Remove(a.image) }

// Package machine is a builder whose machine is a folder: files go in and out of it, and commands run in it.
package machine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"

	"github.com/hashicorp/hcl/v2/hcldec"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/hashicorp/packer-plugin-sdk/template/config"

	"packer.test/tester/fault"
)

// Builder makes one machine.
type Builder struct {
	config Config
	faults fault.Faults
}

// ConfigSpec is the shape of the config.
func (b *Builder) ConfigSpec() hcldec.ObjectSpec {
	fault.Unconfigured("machine").Must("spec")
	return b.config.FlatMapstructure().HCL2Spec()
}

// Prepare reads the config.
func (b *Builder) Prepare(raws ...interface{}) ([]string, []string, error) {
	err := config.Decode(&b.config, &config.DecodeOpts{Interpolate: true}, raws...)
	if err != nil {
		return nil, nil, err
	}
	b.setDefaults()
	if b.faults, err = fault.For("machine", b.config.Config); err != nil {
		return nil, nil, err
	}
	if b.config.Disk == "" {
		return nil, b.config.Warnings, errors.New("`disk` must be set")
	}
	if _, err := fault.ParseSize(b.config.StateSize); err != nil {
		return nil, b.config.Warnings, err
	}
	return b.announced(), b.config.Warnings, b.faults.At("prepare")
}

// setDefaults fills in what the template left out.
func (b *Builder) setDefaults() {
	if b.config.MachineID == "" {
		b.config.MachineID = "machine-" + filepath.Base(b.config.Disk)
	}
	if len(b.config.Hooks) == 0 {
		b.config.Hooks = []string{packersdk.HookProvision}
	}
	if b.config.StateSize == "" {
		b.config.StateSize = "0"
	}
}

// announced are the names of the data beyond what every builder has.
func (b *Builder) announced() []string {
	names := make([]string, 0, len(b.config.Generated))
	for name := range b.config.Generated {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// Run boots the machine, has it provisioned and turns it into an artifact.
func (b *Builder) Run(ctx context.Context, ui packersdk.Ui, hook packersdk.Hook) (packersdk.Artifact, error) {
	if err := b.faults.At("run"); err != nil {
		return nil, err
	}
	if err := b.makeDisk(); err != nil {
		return nil, err
	}
	if err := b.work(ctx, ui, hook); err != nil {
		return nil, errors.Join(err, b.cleanUp(ui))
	}
	files, err := filesBelow(b.config.Disk)
	if err != nil {
		return nil, err
	}
	ui.Say(fmt.Sprintf("Machine %s is done", b.config.MachineID))
	return &artifact{config: b.config, faults: b.faults, data: b.data(), files: files}, nil
}

// makeDisk makes the folder, over an old one only by force.
func (b *Builder) makeDisk() error {
	if b.config.PackerForce {
		if err := os.RemoveAll(b.config.Disk); err != nil {
			return err
		}
	}
	return os.Mkdir(b.config.Disk, 0o755)
}

// work is the part of the run that leaves a disk behind if it fails.
func (b *Builder) work(ctx context.Context, ui packersdk.Ui, hook packersdk.Hook) error {
	ui.Say(fmt.Sprintf("Booting machine %s", b.config.MachineID))
	if err := b.faults.Work(ctx, b.config.Boot); err != nil {
		return err
	}
	lent := &communicator{root: b.config.Disk, faults: b.faults}
	for _, name := range b.config.Hooks {
		err := hook.Run(ctx, name, ui, lent, b.data())
		if err == nil {
			continue
		}
		// As with every builder, what cleans up after an error runs even if the build is cancelled.
		cleanup := hook.Run(context.Background(), packersdk.HookCleanupProvision, ui, lent, b.data())
		return errors.Join(err, cleanup, b.faults.Cancelled(ctx))
	}
	return nil
}

// cleanUp removes the disk of a failed machine, unless errors are to abort the build on the spot.
func (b *Builder) cleanUp(ui packersdk.Ui) error {
	if b.config.PackerOnError == "abort" {
		return nil
	}
	ui.Say(fmt.Sprintf("Removing machine %s", b.config.MachineID))
	return os.RemoveAll(b.config.Disk)
}

// data is what provisioners are told.
func (b *Builder) data() map[string]interface{} {
	data := map[string]interface{}{
		"ID": b.config.MachineID, "Host": "127.0.0.1", "Port": 0, "User": "tester", "Password": "",
		"ConnType": "tester", "PackerRunUUID": os.Getenv("PACKER_RUN_UUID"),
		"PackerHTTPIP": "127.0.0.1", "PackerHTTPPort": "0", "PackerHTTPAddr": "127.0.0.1:0",
		"SSHPublicKey": "", "SSHPrivateKey": "", "SSHPrivateKeyFile": "", "SSHAgentAuth": false, "WinRMPassword": "",
	}
	for name, value := range b.config.Generated {
		data[name] = value
	}
	return data
}

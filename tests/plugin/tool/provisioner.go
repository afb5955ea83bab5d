// Package tool is a provisioner that uses all that a provisioner is lent: the communicator, the terminal and the data.
package tool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hcldec"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/hashicorp/packer-plugin-sdk/template/config"
	"github.com/hashicorp/packer-plugin-sdk/template/interpolate"

	"packer.test/tester/fault"
)

// Provisioner does what its config lists.
type Provisioner struct {
	config Config
	faults fault.Faults
}

// ConfigSpec is the shape of the config.
func (p *Provisioner) ConfigSpec() hcldec.ObjectSpec {
	fault.Unconfigured("tool").Must("spec")
	return p.config.FlatMapstructure().HCL2Spec()
}

// Prepare reads the config; commands are left as they are until there is data for them.
func (p *Provisioner) Prepare(raws ...interface{}) error {
	err := config.Decode(&p.config, &config.DecodeOpts{
		Interpolate:        true,
		InterpolateContext: &p.config.ctx,
		InterpolateFilter:  &interpolate.RenderFilter{Exclude: []string{"run"}},
	}, raws...)
	if err != nil {
		return err
	}
	if p.faults, err = fault.For("tool", p.config.Config); err != nil {
		return err
	}
	return p.faults.At("prepare")
}

// Provision does everything in order.
func (p *Provisioner) Provision(
	ctx context.Context, ui packersdk.Ui, comm packersdk.Communicator, data map[string]interface{},
) error {
	if err := p.faults.At("provision"); err != nil {
		return err
	}
	steps := []func() error{
		func() error { return p.speak(ui, data) },
		func() error { return p.upload(ui, comm) },
		func() error { return p.runAll(ctx, ui, comm, data) },
		func() error { return p.download(ui, comm) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return errors.Join(err, p.faults.Cancelled(ctx))
		}
	}
	return p.faults.Work(ctx, p.config.Work)
}

// runAll runs the commands one after the other.
func (p *Provisioner) runAll(
	ctx context.Context, ui packersdk.Ui, comm packersdk.Communicator, data map[string]interface{},
) error {
	p.config.ctx.Data = data
	for _, template := range p.config.Run {
		command, err := interpolate.Render(template, &p.config.ctx)
		if err != nil {
			return err
		}
		remote := &packersdk.RemoteCmd{Command: command}
		if p.config.Stdin != "" {
			remote.Stdin = strings.NewReader(p.config.Stdin)
		}
		if err := remote.RunWithUi(ctx, comm, ui); err != nil {
			return err
		}
		status := remote.ExitStatus()
		if status != 0 && !slices.Contains(p.config.ValidExitCodes, status) {
			return fmt.Errorf("%q ended with status %d", command, status)
		}
	}
	return nil
}

// speak uses the terminal in each way there is.
func (p *Provisioner) speak(ui packersdk.Ui, data map[string]interface{}) error {
	for _, line := range p.config.Say {
		ui.Say(line)
	}
	for _, line := range p.config.Message {
		ui.Message(line)
	}
	for _, line := range p.config.Error {
		ui.Error(line)
	}
	for _, name := range p.config.ShowData {
		ui.Say(fmt.Sprintf("%s = %v", name, data[name]))
	}
	if len(p.config.Machine) > 0 {
		ui.Machine(p.config.Machine[0], p.config.Machine[1:]...)
	}
	if p.config.Ask != "" {
		answer, err := ui.Ask(p.config.Ask)
		if err != nil {
			return err
		}
		ui.Say("The answer is " + answer)
	}
	return p.sayMuch(ui)
}

// sayMuch says many lines.
func (p *Provisioner) sayMuch(ui packersdk.Ui) error {
	if p.config.SaySize == "" {
		return nil
	}
	size, err := fault.ParseSize(p.config.SaySize)
	if err != nil {
		return err
	}
	line := string(bytes.Repeat([]byte("much to say "), 9)[:99])
	for said := int64(0); said < size; said += 100 {
		ui.Say(line)
	}
	return nil
}

// Packer-plugin-tester is the plugin that the tests of packer drive over the real protocol: all four kinds of
// component, written on the public plugin SDK as any plugin is, and able to fail in every way a plugin can.
//
// It is built twice from this folder, on a recent SDK and on one that knows no protobuf:
//
//	go build -o ../../target/plugin/new/packer-plugin-tester .
//	go build -o ../../target/plugin/old/packer-plugin-tester -modfile=old.mod .
//
// It runs on Unix, as the machines of its builder have a shell.
//
// It reports the version that its file name carries (packer-plugin-tester_v1.2.3_x5.0_linux_amd64), so that one build
// can be installed as any version. Package fault says how to make it fail.
//
// After a change to a config struct: `go generate ./...` (with packer-sdc of the SDK on the path).
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/packer-plugin-sdk/plugin"

	"packer.test/tester/cloud"
	"packer.test/tester/echo"
	"packer.test/tester/fault"
	"packer.test/tester/fields"
	"packer.test/tester/given"
	"packer.test/tester/keeper"
	"packer.test/tester/machine"
	"packer.test/tester/nested"
	"packer.test/tester/plain"
	"packer.test/tester/quick"
	"packer.test/tester/shapes"
	"packer.test/tester/tool"
	"packer.test/tester/transform"
)

func main() {
	if err := run(filepath.Base(os.Args[0]), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run serves one component, or describes them all; the faults of `start` and `describe` come before either.
func run(name string, args []string) error {
	if register := single(name); register != nil && len(args) == 0 {
		return serve(register)
	}
	if len(args) > 0 {
		faults, err := fault.For(args[len(args)-1], fault.Config{})
		if err != nil {
			return err
		}
		if err := faults.At(args[0]); err != nil {
			return err
		}
	}
	return components().RunCommand(args...)
}

// components is everything the plugin offers.
func components() *plugin.Set {
	set := plugin.NewSet()
	set.SetVersion(reportedVersion())
	set.RegisterBuilder("machine", new(machine.Builder))
	set.RegisterBuilder("cloud", new(cloud.Builder))
	set.RegisterBuilder("quick", new(quick.Builder))
	set.RegisterBuilder("fields", new(fields.Builder))
	set.RegisterBuilder("shapes", new(shapes.Builder))
	set.RegisterProvisioner("tool", new(tool.Provisioner))
	set.RegisterProvisioner("plain", new(plain.Provisioner))
	set.RegisterProvisioner(plugin.DEFAULT_NAME, new(plain.Provisioner))
	set.RegisterPostProcessor("keeper", new(keeper.PostProcessor))
	set.RegisterPostProcessor("transform", new(transform.PostProcessor))
	set.RegisterDatasource("nested", new(nested.Datasource))
	set.RegisterDatasource("echo", new(echo.Datasource))
	set.RegisterDatasource("given", new(given.Datasource))
	return set
}

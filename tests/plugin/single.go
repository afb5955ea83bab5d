package main

import (
	"strings"

	"github.com/hashicorp/packer-plugin-sdk/plugin"
	"github.com/hashicorp/packer-plugin-sdk/rpc"

	"packer.test/tester/keeper"
	"packer.test/tester/machine"
	"packer.test/tester/plain"
)

// single is what a binary with this name serves when it is started without arguments, as plugins were that are one component
// each: packer-builder-NAME, packer-provisioner-NAME, packer-post-processor-NAME. Any other is a set of components.
func single(name string) func(*rpc.PluginServer) error {
	switch {
	case strings.HasPrefix(name, "packer-builder-"):
		return func(server *rpc.PluginServer) error { return server.RegisterBuilder(new(machine.Builder)) }
	case strings.HasPrefix(name, "packer-provisioner-"):
		return func(server *rpc.PluginServer) error { return server.RegisterProvisioner(new(plain.Provisioner)) }
	case strings.HasPrefix(name, "packer-post-processor-"):
		return func(server *rpc.PluginServer) error { return server.RegisterPostProcessor(new(keeper.PostProcessor)) }
	default:
		return nil
	}
}

// serve serves what register adds until the other side has gone.
func serve(register func(*rpc.PluginServer) error) error {
	server, err := plugin.Server()
	if err != nil {
		return err
	}
	if err := register(server); err != nil {
		return err
	}
	server.Serve()
	return nil
}

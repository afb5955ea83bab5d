package main

import (
	"os"
	"path/filepath"
	"regexp"

	"github.com/hashicorp/packer-plugin-sdk/version"
)

// inFileName finds the version, and what stands before a release, in the name of an installed plugin.
var inFileName = regexp.MustCompile(`_v(\d+\.\d+\.\d+)(?:-([^_]+))?_`)

// reportedVersion is the version that the binary is installed as; 1.0.0 where its name has none.
func reportedVersion() *version.PluginVersion {
	if parts := inFileName.FindStringSubmatch(filepath.Base(os.Args[0])); parts != nil {
		return version.InitializePluginVersion(parts[1], parts[2])
	}
	return version.InitializePluginVersion("1.0.0", "")
}

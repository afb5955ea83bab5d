package machine

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"packer.test/tester/fault"
)

// communicator reaches a machine. Relative paths are on its disk, where commands also run; absolute ones are as they
// are, since the shell knows no other root.
type communicator struct {
	root   string
	faults fault.Faults
}

// Start runs a command with the shell.
func (c *communicator) Start(ctx context.Context, remote *packersdk.RemoteCmd) error {
	if err := c.faults.At("command"); err != nil {
		return err
	}
	command := exec.CommandContext(ctx, "/bin/sh", "-c", remote.Command)
	command.Dir = c.root
	command.Stdin, command.Stdout, command.Stderr = remote.Stdin, remote.Stdout, remote.Stderr
	if err := command.Start(); err != nil {
		return err
	}
	go func() { remote.SetExited(exitStatus(command.Wait())) }()
	return nil
}

// exitStatus is what the command ended with; 1 if its streams broke.
func exitStatus(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	default:
		return 1
	}
}

// Upload writes a file.
func (c *communicator) Upload(path string, content io.Reader, info *os.FileInfo) error {
	if err := c.faults.At("upload"); err != nil {
		return err
	}
	mode := os.FileMode(0o644)
	if info != nil {
		mode = (*info).Mode().Perm()
	}
	return writeFile(c.path(path), content, mode)
}

// Download reads a file.
func (c *communicator) Download(path string, to io.Writer) error {
	if err := c.faults.At("download"); err != nil {
		return err
	}
	file, err := os.Open(c.path(path))
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(to, file)
	return err
}

// UploadDir copies a folder in.
func (c *communicator) UploadDir(dst string, src string, exclude []string) error {
	if err := c.faults.At("uploaddir"); err != nil {
		return err
	}
	return copyFolder(intoFolder(c.path(dst), src), src, exclude)
}

// DownloadDir copies a folder out.
func (c *communicator) DownloadDir(src string, dst string, exclude []string) error {
	if err := c.faults.At("downloaddir"); err != nil {
		return err
	}
	return copyFolder(intoFolder(dst, src), c.path(src), exclude)
}

// path is where a path of the machine is.
func (c *communicator) path(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(c.root, path)
}

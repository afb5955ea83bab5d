package tool

import (
	"fmt"
	"io"
	"os"
	"strings"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"packer.test/tester/fault"
)

// upload sends files, then folders.
func (p *Provisioner) upload(ui packersdk.Ui, comm packersdk.Communicator) error {
	for _, upload := range p.config.Uploads {
		if err := upload.send(ui, comm); err != nil {
			return err
		}
	}
	for _, folder := range p.config.UploadDirs {
		if err := comm.UploadDir(folder.Destination, folder.Source, folder.Exclude); err != nil {
			return err
		}
	}
	return nil
}

// send uploads a file with its mode and its progress, or a text or zeros without either.
func (u Upload) send(ui packersdk.Ui, comm packersdk.Communicator) error {
	switch {
	case u.Source != "":
		return u.sendFile(ui, comm)
	case u.Size != "":
		size, err := fault.ParseSize(u.Size)
		if err != nil {
			return err
		}
		return comm.Upload(u.Destination, io.LimitReader(zeros{}, size), nil)
	default:
		return comm.Upload(u.Destination, strings.NewReader(u.Content), nil)
	}
}

// sendFile uploads a file of ours.
func (u Upload) sendFile(ui packersdk.Ui, comm packersdk.Communicator) error {
	file, err := os.Open(u.Source)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	tracked := ui.TrackProgress(u.Source, 0, info.Size(), file)
	defer tracked.Close()
	return comm.Upload(u.Destination, tracked, &info)
}

// download fetches files, then folders.
func (p *Provisioner) download(ui packersdk.Ui, comm packersdk.Communicator) error {
	for _, download := range p.config.Downloads {
		if err := download.fetch(ui, comm); err != nil {
			return err
		}
	}
	for _, folder := range p.config.DownloadDirs {
		if err := comm.DownloadDir(folder.Source, folder.Destination, folder.Exclude); err != nil {
			return err
		}
	}
	return nil
}

// fetch downloads one file.
func (d Download) fetch(ui packersdk.Ui, comm packersdk.Communicator) error {
	if d.Destination == "" {
		var count counter
		if err := comm.Download(d.Source, &count); err != nil {
			return err
		}
		ui.Say(fmt.Sprintf("%s has %d bytes", d.Source, count))
		return nil
	}
	file, err := os.Create(d.Destination)
	if err != nil {
		return err
	}
	defer file.Close()
	return comm.Download(d.Source, file)
}

// zeros is endless.
type zeros struct{}

// Read fills with zeros.
func (zeros) Read(buffer []byte) (int, error) {
	clear(buffer)
	return len(buffer), nil
}

// counter counts what is written to it.
type counter int64

// Write counts.
func (c *counter) Write(bytes []byte) (int, error) {
	*c += counter(len(bytes))
	return len(bytes), nil
}

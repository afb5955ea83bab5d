package fault

import (
	"errors"
	"syscall"
)

// The SDK keeps its connection to itself, but a plugin has one connected Unix socket: it is found among the descriptors.
const lastDescriptor = 256

// garbage writes to the connection what no reader of it expects.
func (fault Fault) garbage() error {
	size, err := fault.size("4KiB")
	if err != nil {
		return err
	}
	bytes := make([]byte, size)
	for i := range bytes {
		bytes[i] = byte(7 + 31*i)
	}
	return onConnection(func(descriptor int) error {
		_, err := syscall.Write(descriptor, bytes)
		return err
	})
}

// stopWriting closes our half of the connection.
func stopWriting() error {
	return onConnection(func(descriptor int) error { return syscall.Shutdown(descriptor, syscall.SHUT_WR) })
}

// stopTalking closes both halves of the connection.
func stopTalking() error {
	return onConnection(func(descriptor int) error { return syscall.Shutdown(descriptor, syscall.SHUT_RDWR) })
}

// onConnection does something with the connection to packer.
func onConnection(do func(descriptor int) error) error {
	for descriptor := 3; descriptor < lastDescriptor; descriptor++ {
		peer, err := syscall.Getpeername(descriptor)
		if _, unix := peer.(*syscall.SockaddrUnix); err == nil && unix {
			return do(descriptor)
		}
	}
	return errors.New("there is no connection to spoil")
}

package fault

import (
	"context"
	"errors"
	"time"
)

// Work takes its time, and stops early with an error on a cancellation.
func (faults Faults) Work(ctx context.Context, howLong time.Duration) error {
	select {
	case <-ctx.Done():
	case <-time.After(howLong):
	}
	return errors.Join(ctx.Err(), faults.Cancelled(ctx))
}

// Cancelled does what is asked for `cancel`, if the run is cancelled.
func (faults Faults) Cancelled(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return faults.At("cancel")
}

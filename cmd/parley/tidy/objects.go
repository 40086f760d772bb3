package tidy

import (
	"context"
	"errors"
	"time"

	"parley/store/blob"
)

// maxObjectFailures is how many failures in a row end a run: then the object store can't be reached.
const maxObjectFailures = 3

// tidyObjects removes from the object store the files to which nothing refers, and then moves files there that
// are older than keep. It returns false if the run must end.
func (r *Loop) tidyObjects(ctx context.Context, keep time.Duration) bool {
	if r.Objects == nil {
		return true
	}
	return r.removeObjects(ctx) && r.moveBlobs(ctx, keep)
}

// removeObjects removes from the object store the files to which nothing refers. It returns false if the run must end.
func (r *Loop) removeObjects(ctx context.Context) bool {
	failures := 0
	list, err := blob.ObjectsToRemove(ctx, r.Pool)
	for ; err == nil && len(list) > 0; list, err = blob.ObjectsToRemove(ctx, r.Pool) {
		for _, hash := range list {
			goesOn := r.handleObject(ctx, &failures, func(ctx context.Context) error { return blob.RemoveObject(ctx, r.Pool, r.Objects, hash) })
			if !goesOn {
				return false
			}
		}
		if failures > 0 { // ObjectsToRemove would list the same ones again
			return true
		}
	}
	return r.checkDatabase(ctx, err)
}

// moveBlobs moves files that are older than keep to the object store. It returns false if the run must end.
func (r *Loop) moveBlobs(ctx context.Context, keep time.Duration) bool {
	failures := 0
	list, err := blob.ListUnmoved(ctx, r.Pool, "", keep)
	for ; err == nil && len(list) > 0; list, err = blob.ListUnmoved(ctx, r.Pool, list[len(list)-1], keep) {
		for _, hash := range list {
			goesOn := r.handleObject(ctx, &failures, func(ctx context.Context) error {
				err := blob.Move(ctx, r.Pool, r.Objects, hash)
				if err == nil {
					r.outside.Add(1)
				}
				return err
			})
			if !goesOn {
				return false
			}
		}
	}

	return r.checkDatabase(ctx, err)
}

// handleObject does something with one object while this process has the lease of the run. A failure is logged and counted in
// failures, and the object is left for the next run. It returns false if the run must end.
func (r *Loop) handleObject(ctx context.Context, failures *int, do func(context.Context) error) bool {
	if !r.takeLease(ctx) {
		return false
	}

	objectCtx, cancel := context.WithTimeout(ctx, batchTimeout)
	defer cancel()
	err := do(objectCtx)
	var failed blob.ObjectsError
	switch {
	case err == nil:
		*failures = 0
	case ctx.Err() != nil:
		return false
	case errors.As(err, &failed):
		*failures++
		r.Log.Warn("object store failed", "error", err)
	default:
		r.Log.Warn("file not moved", "error", err)
	}

	return *failures < maxObjectFailures
}

// checkDatabase logs an error of the database. It returns false, so that the run ends, if there is one.
func (r *Loop) checkDatabase(ctx context.Context, err error) bool {
	if err != nil && ctx.Err() == nil {
		r.Log.Warn("retention failed", "error", err)
	}
	return err == nil
}

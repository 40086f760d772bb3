package inspect

import (
	"context"
	"errors"

	"parley/store/blob"
)

// checkFiles examines where the bytes of old files are. moved and movedErr are the result of blob.HashOfMoved: the hash of a file that
// should be in the object store, or "" if none was moved yet.
func (o Options) checkFiles(ctx context.Context, moved string, movedErr error) Section {
	s := Section{Name: "files"}
	switch {
	case movedErr != nil:
		s.addWrong("place", movedErr.Error(), "See the database's log.")
	case o.Objects == nil:
		s.addWrong("place", "some were moved to an object store, and none is set: they can't be read",
			"Set S3_ENDPOINT and the variables beside it as they were.")
	default:
		o.checkBucket(ctx, &s, moved)
	}
	return s
}

// checkBucket examines the object store.
func (o Options) checkBucket(ctx context.Context, s *Section, moved string) {
	if err := o.Objects.Try(ctx); err != nil {
		s.addWrong("object store", o.Objects.Where()+" doesn't do all that is needed: "+err.Error(),
			"Check the S3 variables, the rights of the key and the network. New files are safe in the database meanwhile.")
		return
	}

	s.addGood("object store", "%s takes, gives and removes files", o.Objects.Where())

	if moved == "" {
		return
	}

	content, err := o.Objects.Open(ctx, moved, 0)
	switch {
	case errors.Is(err, blob.ErrNoObject):
		s.addWrong("moved files", "the youngest of them is missing: "+moved,
			"Was the bucket changed, emptied, or given a rule that removes old objects? Bring the objects back from a copy of the bucket.")
	case err != nil:
		s.addWrong("moved files", err.Error(), "Check the network, and run parley doctor again.")
	default:
		_ = content.Close()
		s.addGood("moved files", "the youngest of them is there")
	}
}

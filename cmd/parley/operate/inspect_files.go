package operate

import (
	"context"
	"errors"

	"parley/store/blob"
)

// checkFiles checks the object store. Parley moves the content of old files, such as attachments of mails, from the
// database to an S3 bucket if one is configured. moved and movedErr are the results of blob.HashOfMoved: the hash of a
// file that should be in the object store, or "" if no file was moved yet.
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

// checkBucket tests access to the object store, and checks that it has the file that was moved last.
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

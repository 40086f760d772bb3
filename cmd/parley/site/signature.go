package site

import (
	"context"

	"parley/bridge/setup"
	"parley/store"
	"parley/store/blob"
)

// findStoredPicture finds the picture that was read from an address when a signature was stored. Mails carry it even where it can't be
// read from there: a file may be on another machine, and a host may be away. ok is false if there is none.
func (d *settingsDesk) findStoredPicture(ctx context.Context, address string) (p setup.Picture, ok bool) {
	dir, err := d.cache.Directory(ctx)
	if err != nil {
		d.o.Log.Warn("the pictures of signatures could not be found", "error", err)
		return setup.Picture{}, false
	}

	for _, stored := range signaturePictures(dir) {
		if stored.From != address {
			continue
		}
		content, err := blob.Get(ctx, d.o.Pool, d.o.Operations.Objects, stored.Blob)
		if err != nil {
			d.o.Log.Warn("a picture of a signature could not be read", "error", err)
			return setup.Picture{}, false
		}
		return setup.Picture{Name: stored.Name, ContentType: stored.ContentType, Content: content}, true
	}

	return setup.Picture{}, false
}

// signaturePictures lists the pictures of all signatures, of agents and of accounts.
func signaturePictures(dir store.Directory) (list []store.SignaturePicture) {
	add := func(s *store.RichSignature) {
		if s != nil {
			list = append(list, s.Pictures...)
		}
	}
	for i := range dir.Agents {
		add(dir.Agents[i].RichSignature)
	}
	for i := range dir.Accounts {
		add(dir.Accounts[i].RichSignature)
	}
	return list
}

package setup

import (
	"cmp"

	"parley/store"
)

// Found is what live surfaces answered about the file, and the signatures that were read.
type Found struct {
	Users    map[UserKey]store.SurfaceUser
	Channels map[ChannelKey]string
	Problems map[ChannelKey]string // why a channel was not found

	Signatures map[string]Signature // by their text in the file, without line breaks at the end
}

// UserKey is an agent's address in a kind of surface.
type UserKey struct{ Kind, Email string }

// ChannelKey is a channel's name in a kind of surface.
type ChannelKey struct{ Kind, Name string }

// problem says why a channel was not found.
func (f Found) problem(key ChannelKey) string {
	return cmp.Or(f.Problems[key], "no such channel is known")
}

// Signature is a signature of the file in the form in which the database keeps it.
type Signature struct {
	StateSignature
	Problem string // why the signature can't be used; "" if it can
	Hint    string // what to do about the problem
}

// NewFound returns a Found without answers.
func NewFound() Found {
	return Found{
		Users:      map[UserKey]store.SurfaceUser{},
		Channels:   map[ChannelKey]string{},
		Problems:   map[ChannelKey]string{},
		Signatures: map[string]Signature{},
	}
}

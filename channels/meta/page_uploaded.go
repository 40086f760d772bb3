package meta

import "sync"

// maxUploadsKept is how many uploads are remembered.
const maxUploadsKept = 256

// uploads remembers the ids of uploaded files, so that a message of several parts uploads its file once. It
// may forget ids: then the file is uploaded again.
type uploads struct {
	mu    sync.Mutex        // guards the fields below
	ids   map[string]string // ids of files at Facebook, by key (see uploadOne)
	order []string          // the keys of ids, oldest first
}

// find returns the id of an uploaded file, or "" if it isn't known.
func (u *uploads) find(key string) string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.ids[key]
}

// remember keeps the id of an uploaded file, and forgets the oldest one if there are too many.
func (u *uploads) remember(key, id string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.ids[key] == "" {
		u.order = append(u.order, key)
	}
	u.ids[key] = id
	if len(u.order) > maxUploadsKept {
		delete(u.ids, u.order[0])
		u.order = u.order[1:]
	}
}

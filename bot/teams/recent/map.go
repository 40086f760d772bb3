// Package recent remembers what was learned last: so many values that a busy organisation is served from memory, and so
// few that memory is bounded. What is forgotten is asked for again.
//
// What does not belong here: what has to outlive a restart (bot/teams/organisation).
package recent

import "sync"

// Map remembers values by name, up to the latest few thousand.
type Map[T any] struct {
	mu    sync.Mutex
	of    map[string]T
	order []string
}

// remembered is how many names a Map knows at most.
const remembered = 5000

// New makes an empty Map.
func New[T any]() *Map[T] { return &Map[T]{of: map[string]T{}} }

// Put remembers v by its name; beyond 5000 names, the one that was new first is forgotten.
func (m *Map[T]) Put(name string, v T) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.of[name]; !known {
		m.order = append(m.order, name)
	}
	m.of[name] = v
	if len(m.order) > remembered {
		delete(m.of, m.order[0])
		m.order = m.order[1:]
	}
}

// Get gives the value that is remembered by a name; false if none is.
func (m *Map[T]) Get(name string) (T, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.of[name]
	return v, ok
}

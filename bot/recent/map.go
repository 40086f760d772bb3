// Package recent remembers the values that were learned last: enough to serve a busy organisation from memory, but not more
// than memory can hold. A value that was forgotten is asked for again.
//
// What does not belong here: what has to outlive a restart (bot/teams/organisation).
package recent

import "sync"

// Map remembers values by name, up to the latest few thousand.
type Map[T any] struct {
	mu     sync.Mutex
	values map[string]T // by name
	order  []string     // the names in the order in which they were new
}

// remembered is how many names a Map knows at most.
const remembered = 5000

// New makes an empty Map.
func New[T any]() *Map[T] { return &Map[T]{values: map[string]T{}} }

// Put remembers v by its name. Beyond 5000 names, it forgets the one that has been known longest.
func (m *Map[T]) Put(name string, v T) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.values[name]; !known {
		m.order = append(m.order, name)
	}
	m.values[name] = v
	if len(m.order) > remembered {
		delete(m.values, m.order[0])
		m.order = m.order[1:]
	}
}

// Get returns the value that is remembered by a name; false if there is none.
func (m *Map[T]) Get(name string) (T, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.values[name]
	return v, ok
}

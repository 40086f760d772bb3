package forms

import (
	"cmp"
	"sync"
)

// Map is a cache of values by name. The zero value is empty and ready to use. It is safe for concurrent use.
type Map[T any] struct {
	Max int // the maximum number of names; 0 means 5000

	mu     sync.Mutex
	values map[string]T // by name
	order  []string     // the names in the order in which they were added
}

// defaultMax is the maximum number of names in a Map that has no Max.
const defaultMax = 5000

// Put stores v under a name. If there are too many names then, it drops the one that was added first.
func (m *Map[T]) Put(name string, v T) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.values == nil {
		m.values = map[string]T{}
	}
	if _, known := m.values[name]; !known {
		m.order = append(m.order, name)
	}
	m.values[name] = v
	if len(m.order) > cmp.Or(m.Max, defaultMax) {
		delete(m.values, m.order[0])
		m.order = m.order[1:]
	}
}

// Get returns the value that is stored under a name; false if there is none.
func (m *Map[T]) Get(name string) (T, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.values[name]
	return v, ok
}

// Clear drops all names.
func (m *Map[T]) Clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.values, m.order = nil, nil
}

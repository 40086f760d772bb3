package forms

import "sync"

// Map is a cache of values by name. It is safe for concurrent use.
type Map[T any] struct {
	mu     sync.Mutex
	values map[string]T // by name
	order  []string     // the names in the order in which they were added
}

// remembered is the maximum number of names in a Map.
const remembered = 5000

// NewRecent makes an empty Map.
func NewRecent[T any]() *Map[T] { return &Map[T]{values: map[string]T{}} }

// Put stores v under a name. If the Map then has more than 5000 names, it drops the one that was added first.
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

// Get returns the value that is stored under a name; false if there is none.
func (m *Map[T]) Get(name string) (T, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.values[name]
	return v, ok
}

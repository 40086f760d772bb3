package teams

import "sync"

// memory remembers values by name, up to the latest few thousand.
type memory[T any] struct {
	mu    sync.Mutex
	of    map[string]T
	order []string
}

const remembered = 5000

func newMemory[T any]() *memory[T] { return &memory[T]{of: map[string]T{}} }

func (m *memory[T]) put(name string, v T) {
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

func (m *memory[T]) get(name string) (T, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.of[name]
	return v, ok
}

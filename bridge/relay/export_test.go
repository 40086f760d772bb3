package relay

// Callers says how many callers of Accept wait for their facts to be stored.
func (r *Relay) Callers() int {
	r.queue.mu.Lock()
	defer r.queue.mu.Unlock()
	return r.queue.inside
}

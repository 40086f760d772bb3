package checker

// ResolveCommands returns the ids of the messages by which somebody resolved a conversation, of which Parley must have a record.
func (h History) ResolveCommands() []string {
	var ids []string
	for _, op := range h {
		if op.Kind == OpResolve && op.Announced {
			ids = append(ids, op.ID)
		}
	}
	return ids
}

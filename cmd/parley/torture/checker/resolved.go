package checker

// ResolveCommands returns the ids of the messages by which somebody resolved a conversation.
func (h History) ResolveCommands() []string {
	var ids []string
	for _, op := range h {
		if op.Kind == OpResolve {
			ids = append(ids, op.ID)
		}
	}
	return ids
}

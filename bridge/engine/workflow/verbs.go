package workflow

// Verbs lists the verbs that this package applies.
func Verbs() []useCase {
	return append(presenceVerbs(), []useCase{
		takeVerb(),
		assignVerb(),
		unassignVerb(),
		visibleVerb(),
		tagVerb(),
		untagVerb(),
		tagMessagesVerb(),
		topicVerb(),
		renameVerb(),
		customerVerb(),
		aboutVerb(),
		linkVerb(),
		unlinkVerb(),
		priorityVerb(),
		pinVerb(),
		unpinVerb(),
		analysisVerb(),
		pendingVerb(),
		readVerb(),
		snoozeVerb(),
		wakeVerb(),
		resolveVerb(),
		reopenVerb(),
		closeVerb(),
		mergeVerb(),
		unmergeVerb(),
		archiveVerb(),
		blockVerb(),
		deleteVerb(),
		leaveVerb(),
	}...)
}

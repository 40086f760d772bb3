package engine

// WorkflowVerbs lists the verbs that this package applies.
func WorkflowVerbs() []workflowUseCase {
	return append(presenceVerbs(), []workflowUseCase{
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
		workflowDeleteVerb(),
		leaveVerb(),
	}...)
}

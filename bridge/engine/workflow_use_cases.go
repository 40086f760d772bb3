package engine

// WorkflowUseCases applies verbs and due timers. There is one value for each batch, the events that a transaction applies.
type WorkflowUseCases struct{ *Writer }

// useCase is a verb that this package applies.
type workflowUseCase = Case[*WorkflowUseCases]

package store

// Statements whose plans are checked.
const (
	FindKnowledgeSQL   = findSections
	KnowledgePagesSQL  = getPages
	KnowledgeStatesSQL = listStates
)

package knowledge

// Statements whose plans are checked.
const (
	FindSQL   = findSections
	PagesSQL  = getPages
	StatesSQL = listStates
)

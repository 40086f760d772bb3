package clockback

// Places gives the columns that Mend brings back, each as table.column.
func Places() (names []string) {
	for _, p := range append(lanePlaces(), places()...) {
		names = append(names, p.table+"."+p.column)
	}
	return names
}

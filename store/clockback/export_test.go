package clockback

// Places gives the columns that Mend brings back, each as table.column.
func Places() (names []string) {
	for _, p := range append(laneColumns(), otherColumns()...) {
		names = append(names, p.table+"."+p.column)
	}
	return names
}

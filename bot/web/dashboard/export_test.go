package dashboard

// Axis returns the values at which an axis is labelled.
func Axis(highest, unit float64) []float64 { return axisValues(highest, unit) }

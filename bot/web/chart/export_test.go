package chart

// Axis is axis.
func Axis(highest, unit float64) []float64 { return axisValues(highest, unit) }

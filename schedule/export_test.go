package schedule

var SunAt = sunAt

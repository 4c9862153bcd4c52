package rtltcp

var ParseHeader = parseHeader

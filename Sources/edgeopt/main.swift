print("edgeopt")

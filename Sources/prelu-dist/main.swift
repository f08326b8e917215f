print("prelu-dist")

"""The asset library: `meshes.library.ASSETS` names a builder for every set piece."""

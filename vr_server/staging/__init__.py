"""Staging: a ShotSpec becomes places, subjects, camera and light in metres, then meshes, then glTF."""

from .build import build_scene
from .compose import compose
from .gltf import to_glb
from .scene import Matrix, Mesh, MovingNode, Scene, StaticNode

__all__ = ["Matrix", "Mesh", "MovingNode", "Scene", "StaticNode", "build_scene", "compose", "to_glb"]

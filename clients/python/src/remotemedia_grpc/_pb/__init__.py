"""Generated messages of the contract; tools/gen_protos.py writes the modules beside this file.

They are in a descriptor pool of their own, so that other stubs of the same contract may be loaded in the same program.
"""

from google.protobuf.descriptor_pool import DescriptorPool

POOL = DescriptorPool()
